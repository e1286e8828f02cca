"""What a model sees: modalities and their masks, context, scaling, design matrices."""
