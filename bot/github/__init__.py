"""The GitHub edge: asks for the numbers of many repositories, and keeps every answer it gets."""
