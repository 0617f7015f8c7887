"""Training: silver data, sampling of types, objectives, the loop over passes, and export of checkpoints."""
