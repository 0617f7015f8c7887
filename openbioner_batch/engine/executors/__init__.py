"""What carries a run out: Ray Data on this machine or a cluster, or this process alone for small local inputs."""
