"""C face of the nodes of a program."""

cdef extern from "aadlib/program/nodes.h":
    ctypedef struct aad_nodes:
        const unsigned char* op
        const int* left
        const int* right
        const unsigned char* activity
        const unsigned short* value_code
        const unsigned short* adjoint_code
        Py_ssize_t n_nodes
        Py_ssize_t first_node

cdef class Nodes:
    cdef aad_nodes c
    cdef readonly object op
    cdef readonly object left
    cdef readonly object right
    cdef readonly object activity
    cdef readonly object value_code
    cdef readonly object adjoint_code
    cdef readonly Py_ssize_t split
    cdef readonly Py_ssize_t first_node
    cdef readonly Py_ssize_t n_nodes
    cdef readonly Py_ssize_t n_slots
