"""The HTML page on a run: its data is gathered in one pass over the output and filled into `page.html`."""
