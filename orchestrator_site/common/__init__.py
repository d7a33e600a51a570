"""What every app may import; imports none of them."""
