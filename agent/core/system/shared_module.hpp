// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/result.hpp"

namespace edge {

/// A module is a shared object of ours that is loaded when it is needed, because what it is linked to is large, or
/// another library in each release. Beside its own symbols it has this one: the version that it was built as
/// (kVersion).
inline constexpr const char* kModuleVersionSymbol = "edgeModuleVersion";
using ModuleVersion = const char* (*)();

/// A file of ours: beside this executable (in a build tree), else in `folder`, where the package put it.
std::string findInstalled(const std::string& name, const std::string& folder);

/// The address of `symbol` in the module `name` ("libpi-edge-….so"), which lies beside this executable, or where the
/// package put it. It stays loaded from then on. Errors: kUnavailable, with the loader's reason; it may be asked again
/// later. Thread: any.
Result<void*> findInModule(const char* name, const char* symbol);

}  // namespace edge
