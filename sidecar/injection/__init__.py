"""What is added to a pod, and where: the sidecar's container, its volumes, marks of the pod, and the variables of SDKs.

Here: pods as they are written in YAML, in and out; pure. Not here: a cluster, which nobody here talks to, nor what the
container does once it runs.
"""
