"""Models that learn: their shapes, judgements and the engines that train them."""
