"""What the measurements of speed share."""
