"""The native backend: machine code through LLVM. Only this folder imports llvmlite."""
