"""What the database says of arms and of models."""
