# Conditions: what a comparison of recorded numbers gives. Part of advar.pyx, as the two classes need each other.


cdef object compare(object left, object right, int comparison):
    """Return the outcome of a comparison as a condition: `<` is `>` with the sides exchanged."""
    cdef Condition result
    cdef double x, y
    if comparison == Py_LT or comparison == Py_LE:
        left, right = right, left
    if not plain_value(left, &x) or not plain_value(right, &y):
        return NotImplemented
    result = Condition.__new__(Condition)
    result.left = left
    result.right = right
    if comparison == Py_GT or comparison == Py_LT:
        result.op = OP_GREATER
    elif comparison == Py_GE or comparison == Py_LE:
        result.op = OP_GREATER_EQUAL
    elif comparison == Py_EQ:
        result.op = OP_EQUAL
    else:
        result.op = OP_NOT_EQUAL
    result.id = NOT_RECORDED
    result.value = rule_value(result.op, x, y)
    return result


cdef bint plain_value(object operand, double* value) except -1:
    if type(operand) is ADVar:
        value[0] = (<ADVar>operand).value
    elif type(operand) is Condition:
        value[0] = (<Condition>operand).value
    elif isinstance(operand, (numbers.Real, np.bool_)):
        value[0] = float(operand)
    else:
        return False
    return True


cdef object combine(int op, object left, object right):
    cdef Condition result
    cdef double x, y
    if not plain_value(left, &x) or not plain_value(right, &y):
        return NotImplemented
    result = Condition.__new__(Condition)
    result.op = op
    result.left = left
    result.right = right
    result.id = NOT_RECORDED
    result.value = rule_value(op, x, y)
    return result


@cython.final
@cython.freelist(64)
@cython.c_api_binop_methods(True)
cdef class Condition:
    """The outcome of a comparison of `ADVar`s, 1.0 or 0.0.

    In an `if`, `and`, `min`, `sorted`, ... it is a guard: the recording took one branch, and a replay in which it
    comes out otherwise raises `BranchChanged`. In `where`, `&`, `|`, `~` and arithmetic it is a recorded step whose
    derivative is zero, and nothing is frozen.
    """

    cdef int record(self, Columns* nodes, double* value) except? -2:
        """Put the step on the tape once and return its id."""
        cdef double x, y
        cdef int a, b
        value[0] = self.value
        if self.id != NOT_RECORDED and nodes != NULL and self.serial == nodes.serial and self.epoch == nodes.epoch:
            return self.id
        a = read(self.left, nodes, &x)
        b = read(self.right, nodes, &y)
        self.id = push(nodes, self.op, a, b)
        self.serial = nodes.serial
        self.epoch = nodes.epoch
        note_kink(self.op, self.id)
        return self.id

    def __bool__(self):
        cdef Columns* nodes = active_nodes()
        cdef double x, y
        cdef int a = read(self.left, nodes, &x)
        cdef int b = read(self.right, nodes, &y)
        active_tape().guards.append((self.op, a, b, self.value != 0.0, caller_line()))
        return self.value != 0.0

    def __and__(left, right):
        return combine(OP_LOGICAL_AND, left, right)

    def __or__(left, right):
        return combine(OP_LOGICAL_OR, left, right)

    def __xor__(left, right):
        return combine(OP_NOT_EQUAL, left, right)

    def __invert__(self):
        return combine(OP_EQUAL, self, 0.0)

    def __add__(left, right):
        return binary(OP_ADD, left, right)

    def __sub__(left, right):
        return binary(OP_SUBTRACT, left, right)

    def __mul__(left, right):
        return binary(OP_MULTIPLY, left, right)

    def __truediv__(left, right):
        return binary(OP_DIVIDE, left, right)

    def __neg__(self):
        return binary(OP_SUBTRACT, 0.0, self)

    def __richcmp__(left, right, int comparison):
        return compare(left, right, comparison)

    def __hash__(self):
        return <Py_hash_t><void*>self >> 4

    def __float__(self):
        raise AadTypeError("float() of a condition would freeze it: use it in arithmetic or in where as it is")

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return ufunc_handler(ufunc, method, inputs, kwargs)

    def __array_function__(self, function, types, args, kwargs):
        return function_handler(function, args, kwargs)

    def logical_not(self):
        """Return the opposite condition; NumPy calls this for object arrays."""
        return combine(OP_EQUAL, self, 0.0)

    def __repr__(self):
        return f"Condition({bool(self.value != 0.0)})"
