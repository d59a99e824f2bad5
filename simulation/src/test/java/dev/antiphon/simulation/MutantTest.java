package dev.antiphon.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.List;

/// Every removed safeguard is noticed.
final class MutantTest {

    /// More worlds than the rarest of them needs to be noticed.
    private static final int MOST_WORLDS = 1_500;

    private static final int ENOUGH_KILLS = 3;

    @ParameterizedTest
    @EnumSource(Mutant.class)
    void isKilled(Mutant mutant) throws Exception {
        try (Loader loader = new Loader(mutant.patches())) {
            Method live =
                    loader.loadClass(MutantTest.class.getName())
                            .getDeclaredMethod("live", String.class);
            live.setAccessible(true); // another package with the same name
            int[] result = (int[]) live.invoke(null, mutant.name());
            System.out.printf("%-30s killed in %d of %d worlds%n", mutant, result[0], result[1]);
            assertThat(result[0]).isPositive();
        }
    }

    /// Called in the class loader of the mutant.
    ///
    /// @return kills and worlds
    static int[] live(String mutant) {
        Seams seams = Mutant.valueOf(mutant).seams();
        int kills = 0;
        int worlds = 0;
        while (worlds < MOST_WORLDS && kills < ENOUGH_KILLS) {
            worlds++;
            if (!World.live(worlds, seams).violations().isEmpty()) {
                kills++;
            }
        }
        return new int[] {kills, worlds};
    }

    /// Loads all of our classes again, some of them patched.
    private static final class Loader extends URLClassLoader {

        private final List<Patch> patches;

        Loader(List<Patch> patches) {
            super(classPath(), MutantTest.class.getClassLoader());
            this.patches = patches;
        }

        private static URL[] classPath() {
            List<URL> urls = new ArrayList<>();
            for (String each :
                    System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
                try {
                    urls.add(new File(each).toURI().toURL());
                } catch (MalformedURLException e) {
                    throw new IllegalStateException(each, e);
                }
            }
            return urls.toArray(URL[]::new);
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith("dev.antiphon.")) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                return loaded != null ? loaded : define(name);
            }
        }

        private Class<?> define(String name) throws ClassNotFoundException {
            try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
                if (in == null) {
                    throw new ClassNotFoundException(name);
                }
                byte[] bytes = in.readAllBytes();
                for (Patch patch : patches) {
                    if (patch.className().equals(name)) {
                        bytes = patch.apply(bytes);
                    }
                }
                return defineClass(name, bytes, 0, bytes.length);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
