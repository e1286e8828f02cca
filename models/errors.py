"""What a model cannot work with; each error carries one sentence for the user."""


class ModelError(ValueError):
    """Settings or data that no model can be trained with or scored on."""


class LeakError(ModelError):
    """The test part of a fold holds something that its training part holds too."""
