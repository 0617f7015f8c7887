"""The HTML page on a run: what it shows is gathered in one pass over the output and filled into `page.html`."""
