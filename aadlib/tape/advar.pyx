"""The recorded number: a value and a node id, nothing about derivatives."""

import numbers

import numpy as np

cimport cython
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cpython.long cimport PyLong_CheckExact
from cpython.object cimport Py_EQ, Py_GE, Py_GT, Py_LE, Py_LT, Py_NE
from libc.string cimport memcmp, memcpy

from aadlib.tape.tape cimport INPUT, RECENT_SHIFT, RESULT, Columns, Tape, active_nodes, active_tape, caller_line, caller_module, push, push_constant

from aadlib.errors import AadTypeError, TapeError
from aadlib.rules.table import CODES, RULES
from aadlib.tape.tape import set_input_maker

include "aadlib/generated/rules.pxi"

cdef enum:
    NOT_A_NUMBER = -2147483647 - 1
    NOT_RECORDED = -1

cdef bint SMOOTH[N_RULES]
for _code, _rule in enumerate(RULES):
    SMOOTH[_code] = _rule.smooth

cdef dict METHODS = {name: code for code, rule in enumerate(RULES) for name in (rule.name, *rule.also)}
cdef object ufunc_handler = None
cdef object function_handler = None


def set_array_handlers(on_ufunc, on_function):
    """Say what NumPy's functions do with an `ADVar`; called once by `aadlib.tape.arrays`."""
    global ufunc_handler, function_handler
    ufunc_handler = on_ufunc
    function_handler = on_function


def handle_ufunc(ufunc, method, inputs, kwargs):
    """Carry out what NumPy asks of a number that is recorded, or a dual: see `aadlib.tape.arrays`."""
    return ufunc_handler(ufunc, method, inputs, kwargs)


def handle_function(function, args, kwargs):
    """Carry out a NumPy function that is no ufunc, likewise."""
    return function_handler(function, args, kwargs)


cdef Columns* nodes_for(unsigned int serial) except NULL:
    """Return the active tape's nodes for a variable that is not on them: always an error, the right one."""
    if active_nodes() == NULL:
        raise TapeError(
            "this ADVar's tape is closed, or open in another thread: use .value for its number, or do this "
            "arithmetic inside the recorded function"
        )
    raise TapeError(
        "this ADVar belongs to another tape than the active one: tapes cannot be mixed; record everything "
        "in one function, or pass the number itself with .value"
    )


cdef inline int read(object operand, Columns* nodes, double* value) except? -2:
    """Read an operand: its value and its id on the tape, or NOT_A_NUMBER."""
    cdef ADVar variable
    if type(operand) is ADVar:
        variable = <ADVar>operand
        if nodes == NULL or variable.serial != nodes.serial:
            nodes_for(variable.serial)
        value[0] = variable.value
        return variable.id
    if PyFloat_CheckExact(operand):
        value[0] = PyFloat_AS_DOUBLE(operand)
        return push_folded(nodes, value[0])
    return read_other(operand, nodes, value)


cdef inline int push_folded(Columns* nodes, double value) except? -2:
    """Return the id of a constant: that of the same one where it was used lately, else a new one."""
    cdef unsigned long long bits
    cdef int k
    cdef int* recent
    if nodes == NULL:
        nodes_for(0)
    memcpy(&bits, &value, sizeof(double))
    recent = &nodes.recent[(bits * 0x9E3779B97F4A7C15ULL) >> RECENT_SHIFT]
    k = recent[0]
    if k < nodes.n_constants and memcmp(&nodes.constants[k], &value, sizeof(double)) == 0:
        return -k - 1
    recent[0] = <int>nodes.n_constants
    return push_constant(nodes, value)


cdef int read_other(object operand, Columns* nodes, double* value) except? -2:
    if PyLong_CheckExact(operand):
        value[0] = operand
        return push_folded(nodes, value[0])
    if type(operand) is Condition:
        return (<Condition>operand).record(nodes, value)
    if isinstance(operand, (numbers.Real, np.bool_)):
        value[0] = float(operand)
        return push_folded(nodes, value[0])
    return NOT_A_NUMBER


cdef inline ADVar make(Columns* nodes, int id, double value):
    cdef ADVar result = ADVar.__new__(ADVar)
    result.value = value
    result.id = id
    result.serial = nodes.serial
    return result


cdef int note_kink(int op, int id) except -1:
    active_tape().kinks.append((id, op, caller_line()))
    return 0


cdef object unary(int op, ADVar x):
    """Record a unary operation by its code."""
    cdef Columns* nodes = active_nodes()
    cdef double v
    cdef int id
    if nodes == NULL or x.serial != nodes.serial:
        nodes_for(x.serial)
    v = rule_value(op, x.value, 0.0)
    id = push(nodes, op, x.id, x.id)
    if not SMOOTH[op]:
        note_kink(op, id)
    return make(nodes, id, v)


cdef object binary(int op, object left, object right):
    """Record a binary operation by its code; NotImplemented where an operand is no number."""
    cdef Columns* nodes = active_nodes()
    cdef double x, y, v
    cdef int a, b, id
    a = read(left, nodes, &x)
    if a == NOT_A_NUMBER:
        return NotImplemented
    b = read(right, nodes, &y)
    if b == NOT_A_NUMBER:
        return NotImplemented
    v = rule_value(op, x, y)
    id = push(nodes, op, a, b)
    if not SMOOTH[op]:
        note_kink(op, id)
    return make(nodes, id, v)


cdef object with_sequence(int op, object left, object right):
    """Record an operation with a list, a tuple or a complex number as NumPy's numbers carry it out."""
    if isinstance(left, (list, tuple, complex)) or isinstance(right, (list, tuple, complex)):
        return ufunc_handler(getattr(np, RULES[op].name), "__call__", (left, right), {})
    return binary(op, left, right)


def record_unary(int op, ADVar x):
    """Record row `op` of the rule table on `x`."""
    if not 0 <= op < N_RULES:
        raise AadTypeError(f"op = {op}: the rule table has {N_RULES} rows")
    return unary(op, x)


def record_binary(int op, left, right):
    """Record row `op` of the rule table on two numbers, at least one of them an `ADVar` or a `Condition`."""
    if not 0 <= op < N_RULES:
        raise AadTypeError(f"op = {op}: the rule table has {N_RULES} rows")
    result = binary(op, left, right)
    if result is NotImplemented:
        raise AadTypeError(
            f"{RULES[op].name}: cannot combine {type(left).__name__} and {type(right).__name__}: pass numbers"
        )
    return result


def record_composite(operation, list operands, list results):
    """Record a composite operation with its results' values; return the results as `ADVar`s."""
    cdef Columns* nodes = active_nodes()
    cdef double value
    cdef list ids = []
    cdef list recorded = []
    cdef int id
    if nodes == NULL:
        nodes_for(0)
    for operand in operands:
        id = read(operand, nodes, &value)
        if id == NOT_A_NUMBER:
            raise AadTypeError(f"{operand!r} is not a number: the operands of a composite are numbers")
        ids.append(id)
    active_tape().composites.append((nodes.size, len(results), operation, ids))
    for value in results:
        id = <int>nodes.size
        recorded.append(make(nodes, push(nodes, RESULT, id, id), value))
    if operation.kink is not None:
        active_tape().kinks.append((recorded[0].id, operation.kink, caller_line()))
    return recorded


def variable_at(Tape tape, int id):
    """Return the variable that stands on a tape under an id, which may be closed; its value is not known any more."""
    if not 0 <= id < tape.nodes.size:
        raise TapeError(f"id = {id}: this tape holds {tape.nodes.size} nodes")
    return make(&tape.nodes, id, float("nan"))


def new_input(value):
    """Declare an input on the active tape."""
    cdef Columns* nodes = active_nodes()
    cdef double v = float(value)
    cdef int constant
    if nodes == NULL:
        nodes_for(0)
    constant = push_folded(nodes, v)
    return make(nodes, push(nodes, INPUT, constant, constant), v)


set_input_maker(new_input)


@cython.final
@cython.freelist(8192)
@cython.c_api_binop_methods(True)
cdef class ADVar:
    """A number on a tape: a value and a node id.

    It computes like a float, and NumPy's functions accept it. What cannot be differentiated raises
    `AadTypeError`. Comparisons give a `Condition`; used in an `if` it becomes a guard of the recording.

    Attributes
    ----------
    value : float
    id : int, position on the tape
    """

    def __init__(self):
        raise AadTypeError("an ADVar comes from Tape.input, aadlib.record or a verb such as aadlib.grad")

    def __add__(left, right):
        cdef Columns* nodes = active_nodes()
        cdef double x, y
        cdef int a = read(left, nodes, &x)
        if a == NOT_A_NUMBER:
            return with_sequence(OP_ADD, left, right)
        cdef int b = read(right, nodes, &y)
        if b == NOT_A_NUMBER:
            return with_sequence(OP_ADD, left, right)
        cdef double v = value_add(x, y)
        return make(nodes, push(nodes, OP_ADD, a, b), v)

    def __sub__(left, right):
        cdef Columns* nodes = active_nodes()
        cdef double x, y
        cdef int a = read(left, nodes, &x)
        if a == NOT_A_NUMBER:
            return with_sequence(OP_SUBTRACT, left, right)
        cdef int b = read(right, nodes, &y)
        if b == NOT_A_NUMBER:
            return with_sequence(OP_SUBTRACT, left, right)
        cdef double v = value_subtract(x, y)
        return make(nodes, push(nodes, OP_SUBTRACT, a, b), v)

    def __mul__(left, right):
        cdef Columns* nodes = active_nodes()
        cdef double x, y
        cdef int a = read(left, nodes, &x)
        if a == NOT_A_NUMBER:
            return with_sequence(OP_MULTIPLY, left, right)
        cdef int b = read(right, nodes, &y)
        if b == NOT_A_NUMBER:
            return with_sequence(OP_MULTIPLY, left, right)
        cdef double v = value_multiply(x, y)
        return make(nodes, push(nodes, OP_MULTIPLY, a, b), v)

    def __truediv__(left, right):
        cdef Columns* nodes = active_nodes()
        cdef double x, y
        cdef int a = read(left, nodes, &x)
        if a == NOT_A_NUMBER:
            return with_sequence(OP_DIVIDE, left, right)
        cdef int b = read(right, nodes, &y)
        if b == NOT_A_NUMBER:
            return with_sequence(OP_DIVIDE, left, right)
        cdef double v = value_divide(x, y)
        return make(nodes, push(nodes, OP_DIVIDE, a, b), v)

    def __pow__(left, right, modulus):
        if modulus is not None:
            raise AadTypeError("pow() with a modulus cannot be differentiated: use (x ** y) % modulus")
        if type(left) is ADVar and type(right) is not ADVar and isinstance(right, numbers.Real):
            if right == 2:
                return unary(OP_SQUARE, <ADVar>left)
            if right == 1:
                return left
            if right == 0.5:
                return unary(OP_SQRT, <ADVar>left)
            if right == -1:
                return unary(OP_RECIPROCAL, <ADVar>left)
        return with_sequence(OP_POWER, left, right)

    def __floordiv__(left, right):
        return with_sequence(OP_FLOOR_DIVIDE, left, right)

    def __mod__(left, right):
        return with_sequence(OP_REMAINDER, left, right)

    def __divmod__(left, right):
        quotient = binary(OP_FLOOR_DIVIDE, left, right)
        if quotient is NotImplemented:
            return NotImplemented
        return quotient, binary(OP_REMAINDER, left, right)

    def __neg__(self):
        return unary(OP_NEGATIVE, self)

    def __pos__(self):
        return self

    def __abs__(self):
        return unary(OP_ABSOLUTE, self)

    def __floor__(self):
        return unary(OP_FLOOR, self)

    def __ceil__(self):
        return unary(OP_CEIL, self)

    def __trunc__(self):
        return unary(OP_TRUNC, self)

    def __round__(self, digits=None):
        if digits is None:
            return unary(OP_RINT, self)
        scale = 10.0**digits
        return round(self * scale) / scale

    def __richcmp__(left, right, int comparison):
        return compare(left, right, comparison)

    def __bool__(self):
        return bool(compare(self, 0.0, Py_NE))

    def __hash__(self):
        return <Py_hash_t><void*>self >> 4

    def __float__(self):
        raise AadTypeError(
            "float() of an ADVar would drop its derivatives: use the functions of NumPy or aadlib instead of those "
            "of math, an object array (np.zeros(n, dtype=object), aadlib.zeros) to store it, or .value to leave the tape"
        )

    def __int__(self):
        """Return the whole part, a step without derivative; a guard holds a replay to it."""
        whole = int(self.value)
        bool(compare(unary(OP_TRUNC, self), float(whole), Py_EQ))
        return whole

    def __index__(self):
        raise AadTypeError("an ADVar cannot be an index: use int(x.value), which freezes the choice")

    def __complex__(self):
        raise AadTypeError(
            "complex() of an ADVar would drop its derivatives: write x + 0j, or use aadlib.complex_array, also for an array "
            "to store complex numbers in"
        )

    def __getattr__(self, name):
        """Return an operation of the table as a method: NumPy calls these for plain object arrays."""
        op = METHODS.get(name)
        if op is None:
            raise AttributeError(f"'ADVar' object has no attribute {name!r}")
        if RULES[op].arity == 1:
            return lambda: unary(op, self)
        return lambda other: binary(op, self, other)

    @staticmethod
    def chain_rule(rule, *arguments):
        """Record an operation by its row, as `Dual.chain_rule` carries one out."""
        code = CODES[rule.name]
        return record_binary(code, *arguments) if len(arguments) == 2 else record_unary(code, *arguments)

    def conjugate(self):
        """Return the number itself, which is real."""
        return self

    def item(self):
        """Return the number itself, as a NumPy scalar does."""
        return self

    @property
    def shape(self):
        """The shape of a number."""
        return ()

    @property
    def ndim(self):
        """The number of axes of a number."""
        return 0

    @property
    def size(self):
        """One."""
        return 1

    @property
    def real(self):
        """The number itself."""
        return self

    @property
    def imag(self):
        """Zero."""
        return 0.0

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return ufunc_handler(ufunc, method, inputs, kwargs)

    def __array_function__(self, function, types, args, kwargs):
        return function_handler(function, args, kwargs)

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __reduce__(self):
        raise AadTypeError("an ADVar cannot be pickled: it lives on a tape; use .value for its number")

    def __repr__(self):
        return f"ADVar({self.value!r}, id={self.id})"

    def __format__(self, spec):
        return format(self.value, spec) if spec else repr(self)


# A recorded number is a number: np.isscalar and isinstance checks of user code treat it like a float.
numbers.Real.register(ADVar)


include "aadlib/tape/condition.pxi"
