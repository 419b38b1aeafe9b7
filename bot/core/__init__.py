"""The pure heart: no await, no input or output, no clock; values in, values out."""
