"""The formats that can be imported or exported: one module or subpackage for each."""
