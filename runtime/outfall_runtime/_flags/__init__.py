"""The flags: what they are set to, where values come from, who follows them."""
