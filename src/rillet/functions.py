"""`tf.function`: Python functions traced into graphs, once for each kind of arguments.

In flow a Python function; out flows a callable that traces it on its first call with
arguments of some kind, and afterwards runs the graph. `signatures` says which arguments
are of one kind, `graph.call` runs and differentiates graphs.
"""

from __future__ import annotations

import functools
import inspect
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rillet.backends.choice import REFERENCE, backend
from rillet.backends.choice import load_compiler as load_compiler
from rillet.core import context
from rillet.core.devices import settings
from rillet.core.errors import house_message
from rillet.core.scopes import variables_made
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.core.tracebacks import trim
from rillet.graph.ir import Graph
from rillet.graph.retracing import Retracing
from rillet.graph.signatures import Arguments, Signature, checked_signature
from rillet.graph.trace import Tracer
from rillet.ops.composites import opened

if TYPE_CHECKING:
    from rillet.graph.concrete import ConcreteFunction

_state = context.state
#: Kinds of arguments whose concrete functions are found without binding.
_MOST_HOT = 64
#: Traces that a function keeps; with more, the oldest are made anew when wanted.
_MOST_TRACES = 1000


def _evaluate(tensor: Any) -> Any:
    from rillet.graph.call import evaluate

    return evaluate(tensor, REFERENCE)


context.register_service("graph.evaluate", _evaluate)


def _autograph() -> Any:
    """AutoGraph; imported with the first trace: loaded models may never need it."""
    from rillet.graph import autograph

    return autograph


class Function:
    """A Python function that runs as graphs; made by `tf.function`."""

    def __init__(
        self,
        python_function: Callable[..., Any],
        name: str | None = None,
        input_signature: Any = None,
        autograph: bool = True,
        jit_compile: bool | None = None,
        reduce_retracing: bool = False,
        experimental_implements: str | None = None,
        experimental_autograph_options: Any = None,
        bound_to: Any = None,
    ) -> None:
        self._python_function = python_function
        given = name or getattr(python_function, "__name__", None)
        self._name: str = given or "function"
        self._given_signature = input_signature
        self._autograph = autograph
        self._jit_compile = jit_compile
        self._reduce_retracing = reduce_retracing
        self._implements = experimental_implements
        self._bound_to = bound_to
        self._signature = Signature(
            python_function, input_signature, self._name, bound_to is not None
        )
        self._lock = threading.RLock()
        self._cache: dict[Any, ConcreteFunction] = {}
        self._relaxed: dict[Any, list[tuple[Any, ConcreteFunction]]] = {}
        self._bound: weakref.WeakKeyDictionary[Any, Function] = (
            weakref.WeakKeyDictionary()
        )
        self._traces = 0
        self._made_variables = False
        self._retracing = Retracing(self._name)
        self._hot: dict[Any, ConcreteFunction] = {}
        functools.update_wrapper(self, python_function, updated=())
        if inspect.isroutine(python_function):
            # A callable object's attributes (a layer's, say) are not this function's.
            for key, value in getattr(python_function, "__dict__", {}).items():
                self.__dict__.setdefault(key, value)

    @property
    def python_function(self) -> Callable[..., Any]:
        """The function that was decorated."""
        return self._python_function

    @property
    def name(self) -> str:
        """The function's name."""
        return self._name

    @property
    def input_signature(self) -> Any:
        """The signature given, or None."""
        return self._given_signature

    @property
    def function_spec(self) -> Signature:
        """What is known of the arguments."""
        return self._signature

    def __get__(self, instance: Any, owner: Any) -> Any:
        if instance is None:
            return self
        try:
            bound = self._bound.get(instance)
        except TypeError:
            bound = instance.__dict__.get(f"_rillet_{self._name}")
        if bound is None:
            bound = self._for(instance)
            try:
                self._bound[instance] = bound
            except TypeError:
                instance.__dict__[f"_rillet_{self._name}"] = bound
        return bound

    def _for(self, instance: Any) -> Function:
        """This function as a method of `instance`, which it does not keep alive."""
        try:
            holder: Callable[[], Any] = weakref.ref(instance)
        except TypeError:
            holder = lambda: instance  # noqa: E731
        function = self._python_function

        @functools.wraps(function)
        def method(*args: Any, **kwargs: Any) -> Any:
            return function(holder(), *args, **kwargs)

        parameters = list(inspect.signature(function).parameters.values())[1:]
        method.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        del method.__wrapped__
        made = Function(
            method,
            self._name,
            self._given_signature,
            self._autograph,
            self._jit_compile,
            self._reduce_retracing,
            self._implements,
            bound_to=holder,
        )
        made._plain = function  # type: ignore[attr-defined]
        return made

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            if not kwargs and _state.tracer is None:
                # tensors of kinds seen before: nothing needs to be bound
                key: Any = [type(a) is Tensor for a in args]
                if all(key):
                    key = tuple(
                        [(Tensor, a._array.shape, a._array.dtype) for a in args]
                    )
                    concrete = self._hot.get(key)
                else:
                    concrete = None
                if concrete is not None and not settings.functions_eager:
                    if self._retracing.counting:
                        self._retracing.note(False)
                    return concrete.run(list(args))
            if settings.functions_eager:
                return self._python_function(*args, **kwargs)
            arguments = self._signature.bind(args, kwargs)
            concrete = self._found(arguments)
            if not kwargs and not concrete.is_local:
                self._keep_hot(args, arguments, concrete)
            return concrete.run(arguments.tensors)
        except Exception as error:
            trim(error)
            raise

    def _keep_hot(
        self, args: tuple[Any, ...], arguments: Arguments, concrete: ConcreteFunction
    ) -> None:
        """Note the concrete function of arguments that are tensors and nothing else."""
        plain = all(type(a) is Tensor for a in args) and len(self._hot) < _MOST_HOT
        if plain and len(arguments.tensors) == len(args):
            same = zip(args, arguments.tensors, strict=True)
            if all(a is t for a, t in same):
                key = tuple([(Tensor, a._array.shape, a._array.dtype) for a in args])
                self._hot[key] = concrete

    def _found(self, arguments: Arguments) -> ConcreteFunction:
        """The concrete function for such arguments, traced where there is none."""
        tracer: Tracer | None = _state.tracer
        concrete = self._cache.get(arguments.key)
        if concrete is None and self._relaxed:
            concrete = self._wider(arguments)
        if concrete is None and tracer is not None:
            concrete = tracer.functions.get((id(self), arguments.key))
        if concrete is not None and concrete.alive():
            self._retracing.note(False)
            return concrete
        with self._lock:
            concrete = self._cache.get(arguments.key)
            if concrete is not None and concrete.alive():
                return concrete
            self._retracing.note(True)
            return self._traced(arguments)

    def _wider(self, arguments: Arguments) -> ConcreteFunction | None:
        """An earlier trace with unknown sizes that these arguments fit."""
        for specs, concrete in self._relaxed.get(arguments.form_key, ()):
            pairs = zip(arguments.specs, specs, strict=True)
            if all(
                b.is_compatible_with(a) and a.shape.is_subtype_of(b.shape)
                for a, b in pairs
            ):
                return concrete
        return None

    def _traced(self, arguments: Arguments) -> ConcreteFunction:
        specs = arguments.specs
        relaxed = False
        if self._reduce_retracing:
            specs, relaxed = self._relax(arguments)
        concrete = self._trace_once(arguments, specs, not self._made_variables)
        if concrete.created:
            self._made_variables = True
            concrete = self._trace_once(arguments, specs, False)
        concrete.graph.varied = relaxed
        self._traces += 1
        outer: Tracer | None = _state.tracer
        if concrete.is_local:
            if outer is not None:
                outer.functions[(id(self), arguments.key)] = concrete
            return concrete
        if not relaxed:
            self._cache[arguments.key] = concrete
            if len(self._cache) > _MOST_TRACES:
                del self._cache[next(iter(self._cache))]
        if self._reduce_retracing:
            rows = self._relaxed.setdefault(arguments.form_key, [])
            rows.append((specs, concrete))
        return concrete

    def _relax(self, arguments: Arguments) -> tuple[list[Any], bool]:
        """The specs, made to fit the ones of earlier traces too."""
        rows = self._relaxed.get(arguments.form_key)
        if not rows:
            return arguments.specs, False
        specs = [
            a.most_specific_compatible_type(b)
            for a, b in zip(arguments.specs, rows[-1][0], strict=True)
        ]
        return specs, True

    def _trace_once(
        self, arguments: Arguments, specs: list[Any], may_create: bool
    ) -> ConcreteFunction:
        tracer = Tracer(f"__inference_{self._name}", _state.tracer, isolated=True)
        tracer.may_create = may_create
        with variables_made() as made, tracer:
            tensors = []
            for spec, name in zip(specs, arguments.names, strict=True):
                tensors.append(
                    tracer.graph.placeholder(Spec(spec.shape._dims, spec.dtype), name)
                )
            count = len(tensors)
            args, kwargs = arguments.rebuilt(tensors)
            try:
                result = self._body()(*args, **kwargs)
            except TypeError as error:
                from rillet.graph.places import explain_symbolic

                explain_symbolic(error)
                raise
            form, flat = opened(_autograph().leaving(result))
            outputs = [tracer.lift(t) for t in flat]
            tracer.graph.outputs = outputs
            tracer.graph.writes = tracer.written()
        tracer.settle(made)
        from rillet.graph.concrete import ConcreteFunction

        runs_on = backend(self._jit_compile)
        return ConcreteFunction(
            self._signature, arguments, specs, tracer, form, count, runs_on
        )

    def _body(self) -> Callable[..., Any]:
        """The Python function, converted by AutoGraph where asked for."""
        plain = getattr(self, "_plain", None)
        if not self._autograph:
            return self._python_function
        if plain is None or self._bound_to is None:
            return _autograph().convert(self._python_function)
        return functools.partial(_autograph().convert(plain), self._bound_to())

    def get_concrete_function(self, *args: Any, **kwargs: Any) -> ConcreteFunction:
        """The concrete function for arguments of that kind, traced if need be.

        Args:
            *args: tensors, `tf.TensorSpec`s or Python values; none where the function
                has an `input_signature`. A spec's name is the argument's in the trace.
            **kwargs: the same by name.

        Returns:
            A `ConcreteFunction`.
        """
        if self._given_signature is not None and not args and not kwargs:
            return self._found(self._signature.from_specs())
        arguments = self._signature.bind(args, kwargs)
        concrete = self._found(arguments)
        if self._given_signature is None and not arguments.goes_by(concrete._names):
            arguments.of_names()
            concrete = self._found(arguments)
        return concrete

    def experimental_get_tracing_count(self) -> int:
        """How often the function was traced."""
        return self._traces

    def pretty_printed_concrete_signatures(self, verbose: bool = True) -> str:
        """The signatures traced so far, one under the other."""
        return "\n\n".join(
            c.pretty_printed_signature(verbose) for c in self._concretes()
        )

    def _concretes(self) -> list[ConcreteFunction]:
        found = {id(c): c for c in self._cache.values()}
        for rows in self._relaxed.values():
            found.update({id(c): c for _, c in rows})
        return list(found.values())

    _list_all_concrete_functions = _concretes

    def experimental_get_compiler_ir(self, *args: Any, **kwargs: Any) -> Any:
        """A function of a stage's name that gives the graph's text."""
        concrete = self.get_concrete_function(*args, **kwargs)
        return lambda stage="hlo", device_name=None: concrete.graph.text()

    @property
    def graph(self) -> Graph:
        """The graph of the latest trace; `graph.draw()` makes a picture of it.

        Raises:
            ValueError: where nothing was traced yet.
        """
        found = self._concretes()
        if not found:
            raise ValueError(
                house_message(
                    f"tf.function {self._name}",
                    "there is no graph before the first trace",
                    fix="Call the function, or get_concrete_function, first",
                )
            )
        return found[-1].graph

    def explain(self, *args: Any, timed: bool = False, **kwargs: Any) -> str:
        """What was traced and compiled: graph, stages, kernels, bytes and FLOPs.

        Args:
            *args: arguments to trace and compile for; none for the traces there are.
                Nothing is run on variables.
            timed: whether to measure each kernel, too.
            **kwargs: arguments by name.

        Returns:
            Lines of text.
        """
        if not args and not kwargs:
            found = [c.explain(timed=timed) for c in self._concretes()]
            return "\n\n".join(found) or f"{self._name}: nothing was traced yet"
        arguments = self._signature.bind(args, kwargs)
        tensors: Any = arguments.tensors
        if not all(isinstance(x, Tensor) for x in tensors):
            tensors = None
        return self._found(arguments).explain(tensors, timed)

    def __repr__(self) -> str:
        return f"<rillet.functions.Function {self._name!r}>"


def scratch_tracer(name: str) -> Tracer:
    """A tracer whose graph nobody runs: to find out what a call on unknowns gives."""
    return Tracer(name, _state.tracer, isolated=True)


def function(
    func: Callable[..., Any] | None = None,
    input_signature: Any = None,
    autograph: bool = True,
    jit_compile: bool | None = None,
    reduce_retracing: bool = False,
    experimental_implements: str | None = None,
    experimental_autograph_options: Any = None,
    experimental_attributes: Any = None,
    experimental_relax_shapes: bool | None = None,
    experimental_compile: bool | None = None,
    experimental_follow_type_hints: bool | None = None,
) -> Any:
    """Make a function run as a graph.

    Args:
        func: a Python function; None to use the result as a decorator.
        input_signature: a nest of `tf.TensorSpec`: the only arguments it takes.
        autograph: whether `if`, `for` and `while` over tensors become graph nodes.
        jit_compile: whether all of it must compile; None to compile what can.
        reduce_retracing: trace with unknown sizes rather than once for every shape.
        experimental_implements: a name for what the function computes.
        experimental_autograph_options: accepted.
        experimental_attributes: accepted.
        experimental_relax_shapes: the old name of `reduce_retracing`.
        experimental_compile: the old name of `jit_compile`.
        experimental_follow_type_hints: accepted.

    Returns:
        A callable that traces `func` once for each kind of arguments.

    Raises:
        TypeError: where `func` is no function, or the signature is no nest of specs.
        ValueError: where a later trace makes variables.

    Example:
        >>> import rillet as tf
        >>> @tf.function
        ... def f(x, y):
        ...     return x ** 2 + y
        >>> float(f(tf.constant(2.), tf.constant(3.)))
        7.0
    """
    options: dict[str, Any] = {
        "input_signature": checked_signature(input_signature),
        "autograph": autograph,
        "jit_compile": experimental_compile if jit_compile is None else jit_compile,
        "reduce_retracing": bool(reduce_retracing or experimental_relax_shapes),
        "experimental_implements": experimental_implements,
    }

    def decorated(inner: Callable[..., Any]) -> Any:
        if isinstance(inner, Function):
            inner = inner.python_function
        if not callable(inner):
            raise TypeError(
                house_message("tf.function", "it decorates functions", repr(inner))
            )
        return Function(inner, **options)

    return decorated if func is None else decorated(func)
