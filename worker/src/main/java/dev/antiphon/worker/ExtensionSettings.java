package dev.antiphon.worker;

import dev.antiphon.protocol.Environment;
import dev.antiphon.protocol.Environment.Variable;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;

/// The extensions that a worker loads.
///
/// @param folder the folder with their jars; null for none. Default none: a folder that happens to exist must not
///     be run
public record ExtensionSettings(@Nullable Path folder) {

    static ExtensionSettings from(Environment environment) {
        String folder = environment.text(Variable.CHAT_EXTENSIONS);
        return new ExtensionSettings(folder == null ? null : Path.of(folder));
    }
}
