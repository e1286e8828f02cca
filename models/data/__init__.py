"""The data that models read: modalities and their masks, dialogue context, scaling, design matrices."""
