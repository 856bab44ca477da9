"""`tf.summary`: numbers, pictures, sounds and graphs for TensorBoard."""

from rillet.events.kinds import audio as audio
from rillet.events.kinds import histogram as histogram
from rillet.events.kinds import image as image
from rillet.events.kinds import scalar as scalar
from rillet.events.kinds import text as text
from rillet.events.tracing import trace_export as trace_export
from rillet.events.tracing import trace_off as trace_off
from rillet.events.tracing import trace_on as trace_on
from rillet.events.writers import SummaryWriter as SummaryWriter
from rillet.events.writers import create_file_writer as create_file_writer
from rillet.events.writers import create_noop_writer as create_noop_writer
from rillet.events.writers import flush as flush
from rillet.events.writers import record_if as record_if
from rillet.events.writers import should_record_summaries as should_record_summaries
from rillet.events.writing import graph as graph
from rillet.events.writing import write as write
from rillet.summary import experimental as experimental

#: The modules here that are public.
_namespaces = ("experimental",)
