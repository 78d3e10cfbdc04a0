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


cdef bint recorded_operand(object operand, Columns* nodes) noexcept:
    """Return whether an operand stands on the tape, as numbers do: only a condition may not."""
    return type(operand) is not Condition or (<Condition>operand).recorded(nodes)


cdef bint record_shallow(object operand, Columns* nodes) except -1:
    """Return whether an operand stands on the tape, where a condition of recorded operands is put first."""
    cdef Condition step
    if recorded_operand(operand, nodes):
        return True
    step = <Condition>operand
    if not recorded_operand(step.left, nodes) or not recorded_operand(step.right, nodes):
        return False
    step.record_alone(nodes)
    return True


cdef int read_sides(Condition condition, Columns* nodes, int* left, int* right) except -1:
    """Read the ids of both sides."""
    cdef double x, y
    left[0] = read(condition.left, nodes, &x)
    right[0] = read(condition.right, nodes, &y)
    if left[0] == NOT_A_NUMBER or right[0] == NOT_A_NUMBER:
        raise AadTypeError("this Condition was made without a comparison: compare ADVars to get one")
    return 0


@cython.final
@cython.freelist(64)
@cython.trashcan(True)  # conditions may be combined by the million, and are dropped one inside the other
@cython.c_api_binop_methods(True)
cdef class Condition:
    """The outcome of a comparison of `ADVar`s, 1.0 or 0.0.

    In an `if`, `and`, `min`, `sorted`, ... it is a guard: the recording took one branch, and a replay in which it
    comes out otherwise raises `BranchChanged`. In `where`, `&`, `|`, `~` and arithmetic it is a recorded step whose
    derivative is zero, and nothing is frozen.
    """

    def __init__(self):
        raise AadTypeError("a Condition comes from comparing ADVars")

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __reduce__(self):
        raise AadTypeError("a Condition belongs to its tape and cannot be pickled: pickle its .value")

    cdef bint recorded(self, Columns* nodes) noexcept:
        """Return whether the step stands on this tape already."""
        return self.id != NOT_RECORDED and nodes != NULL and self.serial == nodes.serial and self.epoch == nodes.epoch

    cdef int record(self, Columns* nodes, double* value) except? -2:
        """Put the step on the tape once, and before it the conditions it is made of; return its id."""
        cdef Condition step
        cdef list waiting
        value[0] = self.value
        if self.recorded(nodes):
            return self.id
        if record_shallow(self.left, nodes) and record_shallow(self.right, nodes):
            self.record_alone(nodes)
            return self.id
        waiting = [self]  # a stack of our own: conditions may be combined by the million
        while waiting:
            step = <Condition>waiting[len(waiting) - 1]
            if not recorded_operand(step.left, nodes):
                waiting.append(step.left)
            elif not recorded_operand(step.right, nodes):
                waiting.append(step.right)
            else:
                waiting.pop()
                if not step.recorded(nodes):
                    step.record_alone(nodes)
        return self.id

    cdef int record_alone(self, Columns* nodes) except -1:
        """Put the step on the tape after its operands."""
        cdef int a, b
        read_sides(self, nodes, &a, &b)
        self.id = push(nodes, self.op, a, b)
        self.serial = nodes.serial
        self.epoch = nodes.epoch
        note_kink(self.op, self.id)
        return 0

    def __bool__(self):
        cdef Columns* nodes = active_nodes()
        cdef int a, b
        read_sides(self, nodes, &a, &b)
        active_tape().guards.append((self.op, a, b, self.value != 0.0, caller_line(), caller_module()))
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
