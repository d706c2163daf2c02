"""How goods reach the customer: ways, zones, weights, pickup points, and what each costs."""
