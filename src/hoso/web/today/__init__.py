"""The facility's day: who is booked, who is here, whom to call; and the register of a day, as it is printed."""
