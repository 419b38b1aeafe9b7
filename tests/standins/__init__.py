"""Small servers that speak like the services we depend on."""
