"""The product's verbs: one object each, called alike by a command, the command line and a timer."""
