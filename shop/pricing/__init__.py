"""What a purchase comes to: goods, discounts, delivery and tax, worked out in one place for all who show or charge it."""
