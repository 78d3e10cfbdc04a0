/* The nodes of a program as plain C: what every compiled sweep reads. Python's face is aadlib.program.nodes.Nodes. */
#ifndef AAD_NODES_H
#define AAD_NODES_H

#include <stddef.h>

typedef struct {
    const unsigned char* op;       /* operation code of each node: a row of the rule table, or RESULT of a composite */
    const int* left;               /* slot of the left operand; of a unary operation the only one; a result's own slot */
    const int* right;              /* slot of the right operand; of a unary operation the same as `left` */
    const unsigned char* activity; /* bits 1 and 2: the derivative in the left and in the right operand is wanted */
    const unsigned short* value_code;   /* what a step of the scalar value sweep does: see nodes.pyx */
    const unsigned short* adjoint_code; /* the same for the adjoint sweep */
    ptrdiff_t n_nodes;
    ptrdiff_t first_node;          /* slot of node 0: inputs and constants come before it */
} aad_nodes;

#endif
