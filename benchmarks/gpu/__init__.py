"""What `gpu_check.py` checks and measures, by subject."""
