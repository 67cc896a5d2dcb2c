"""An order platform: orders of realistic people in the shapes of four platforms, posted well or badly as asked."""
