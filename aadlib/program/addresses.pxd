"""Addresses for what stands in an arena from a node to its last use, handed out going backward and used again."""


cdef struct Addresses:
    int* of           # address of every slot's row; -1 where it has none, -2 - e for end e until the pass is over
    int* free         # addresses given back
    int n_free
    int n_shared      # addresses handed out to rows that are no ends
    int n_ends


cdef inline void give_back(Addresses* addresses, int slot) noexcept nogil:
    """Free a slot's address, if it shares one."""
    if addresses.of[slot] >= 0:
        addresses.free[addresses.n_free] = addresses.of[slot]
        addresses.n_free += 1


cdef inline void take(Addresses* addresses, int slot) noexcept nogil:
    """Give a slot without an address one that is free, or a new one."""
    if addresses.of[slot] != -1:
        return
    if addresses.n_free:
        addresses.n_free -= 1
        addresses.of[slot] = addresses.free[addresses.n_free]
    else:
        addresses.of[slot] = addresses.n_shared
        addresses.n_shared += 1
