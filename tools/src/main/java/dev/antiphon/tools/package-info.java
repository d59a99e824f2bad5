/// Tools for models: the available tools, their permissions, and the guarantee that side effects happen at most once. A
/// new tool is one class that implements {@link Tool}.
@NullMarked
package dev.antiphon.tools;

import dev.antiphon.api.tool.Tool;

import org.jspecify.annotations.NullMarked;
