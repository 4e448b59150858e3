"""Commands that run for hours and measure how often the suite is wrong."""
