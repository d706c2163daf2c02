"""Group deals beside the dialogue: what time does to groups, who is told of what, and money on its way back."""
