"""The site: settings, addresses, health, and what every app may import (`common`)."""
