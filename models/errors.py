"""What a model cannot work with; each error carries one sentence for the user."""


class ModelError(ValueError):
    """Settings or data that no model can be trained with or scored on."""


class DivergedError(ModelError):
    """A fit that ended in no finite number: training diverged, or an algorithm did not get to its end."""


class LeakError(ModelError):
    """The test part of a fold holds something that its training part holds too."""
