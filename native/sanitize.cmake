# The flags of `npm run test:sanitize`, for the addon and for the kernels' own test program.
option(SENTENCE_TORCH_SANITIZE "Build with AddressSanitizer and UndefinedBehaviorSanitizer (npm run test:sanitize)" OFF)
if(SENTENCE_TORCH_SANITIZE)
  # Not vptr: it wants the type information of libtorch's classes, which is hidden.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=address,undefined)
endif()
