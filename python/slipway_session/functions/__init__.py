"""Functions of the session as services: their source, typed inputs and output."""

from .describe import FunctionDescription, Output, Parameter, describe_function

__all__ = ["FunctionDescription", "Output", "Parameter", "describe_function"]
