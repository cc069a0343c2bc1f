"""What an operator sets: the fleet's profile with its rules and policy; settings of functions."""
