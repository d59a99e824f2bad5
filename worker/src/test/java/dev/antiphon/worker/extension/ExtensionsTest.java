package dev.antiphon.worker.extension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.antiphon.api.model.ModelProviderFactory;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;

final class ExtensionsTest {

    @TempDir Path folder;

    private static String supplier(String name, String body) {
        return "public class %s implements java.util.function.Supplier<String> { %s }"
                .formatted(name, body);
    }

    private static final String GREETING = "public String get() { return \"%s\"; }";

    @Test
    void servicesOfAllJarsAreFoundInTheOrderOfTheirNames() throws IOException {
        new Jar()
                .source("B", supplier("B", GREETING.formatted("from b")))
                .service(Supplier.class, "B")
                .into(folder.resolve("b.jar"));
        new Jar()
                .source("A", supplier("A", GREETING.formatted("from a")))
                .service(Supplier.class, "A")
                .into(folder.resolve("a.jar"));
        try (Extensions extensions = Extensions.open(folder)) {
            assertThat(extensions.services(Supplier.class))
                    .extracting(each -> each.get())
                    .isEqualTo(List.of("from a", "from b"));
            assertThat(extensions.services(ModelProviderFactory.class)).isEmpty();
        }
    }

    @Test
    void aJarCanUseALibraryInAnotherJar() throws IOException {
        new Jar()
                .source("Library", "public class Library { public static String HI = \"hi\"; }")
                .source("A", supplier("A", "public String get() { return Library.HI; }"))
                .service(Supplier.class, "A")
                .into(folder.resolve("whole.jar"));
        split(folder.resolve("whole.jar"));
        try (Extensions extensions = Extensions.open(folder)) {
            assertThat(extensions.services(Supplier.class))
                    .extracting(each -> each.get())
                    .isEqualTo(List.of("hi"));
        }
    }

    /// Into `a.jar` without the library, and `library.jar`.
    private void split(Path whole) throws IOException {
        Path library = folder.resolve("library.jar");
        Files.copy(whole, library);
        Files.move(whole, folder.resolve("a.jar"));
        try (var a = java.nio.file.FileSystems.newFileSystem(folder.resolve("a.jar"));
                var b = java.nio.file.FileSystems.newFileSystem(library)) {
            Files.delete(a.getPath("example/Library.class"));
            Files.delete(b.getPath("example/A.class"));
            Files.delete(b.getPath("META-INF/services/java.util.function.Supplier"));
        }
    }

    @Test
    void noExtensionsOfferNothing() {
        try (Extensions none = Extensions.none()) {
            assertThat(none.services(Supplier.class)).isEmpty();
        }
    }

    @Test
    void aMissingOrEmptyFolderIsAnErrorInOneLine() throws IOException {
        assertThatThrownBy(() -> Extensions.open(folder.resolve("nowhere")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "the extensions folder " + folder.resolve("nowhere") + " does not exist");
        Files.writeString(folder.resolve("a.txt"), "no jar");
        assertThatThrownBy(() -> Extensions.open(folder))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the extensions folder " + folder + " has no jar");
    }

    @Test
    void aFileThatOnlyLooksLikeAJarIsNamed() throws IOException {
        Files.writeString(folder.resolve("a.jar"), "no jar");

        assertThatThrownBy(() -> Extensions.open(folder))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(folder.resolve("a.jar") + " is not a jar: ");
    }

    @Test
    void aServiceWhoseClassIsMissingOrThrowsIsNamedWithTheReason() throws IOException {
        new Jar()
                .service(Runnable.class, "Missing")
                .source("Broken", supplier("Broken", throwing("no luck") + GREETING))
                .service(Supplier.class, "Broken")
                .into(folder.resolve("a.jar"));
        try (Extensions extensions = Extensions.open(folder)) {
            assertThatThrownBy(() -> extensions.services(Supplier.class))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContainingAll(folder.toString(), "example.Broken", "no luck");
            assertThatThrownBy(() -> extensions.services(Runnable.class))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContainingAll(folder.toString(), "example.Missing", "not found");
        }
    }

    private static String throwing(String message) {
        return "public Broken() { throw new IllegalStateException(\"%s\"); }".formatted(message);
    }

    @Test
    void aFailureAtTheStartIsReportedWithItsReason() {
        Object service = "";

        assertThatThrownBy(() -> Extensions.starting(service, () -> List.of().getFirst()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "the extension java.lang.String failed:"
                                + " java.util.NoSuchElementException");
    }
}
