"""What a message is: intent, feeling, urgency, and what to do about it, each with its reasons."""
