"""The bot's commands on Discord: thin cogs that translate between an interaction and a flow."""
