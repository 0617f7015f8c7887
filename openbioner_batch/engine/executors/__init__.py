"""Executors of a run: Ray Data on this machine or a cluster, or this process alone for small local inputs."""
