package dev.antiphon.worker;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/// The packages that this module can use, beyond what its pom says.
@AnalyzeClasses(packages = "dev.antiphon.worker", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {

    @ArchTest
    static final ArchRule worker =
            classes()
                    .that()
                    .resideInAPackage("dev.antiphon.worker")
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(
                            "dev.antiphon.worker",
                            "dev.antiphon.protocol..",
                            "dev.antiphon.api..",
                            "dev.antiphon.backplane..",
                            "dev.antiphon.time",
                            "org.slf4j..",
                            "tools.jackson..",
                            "dev.antiphon.providers..",
                            "dev.antiphon.transport",
                            "dev.antiphon.tools..",
                            "dev.antiphon.engine..",
                            "dev.antiphon.worker.extension",
                            "io.micrometer..",
                            "com.sun.net.httpserver..",
                            "java..",
                            "javax..",
                            "jdk..",
                            "org.jspecify..");

    /// The loader of jars does not know their services.
    @ArchTest
    static final ArchRule extension =
            classes()
                    .that()
                    .resideInAPackage("dev.antiphon.worker.extension..")
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(
                            "dev.antiphon.worker.extension..",
                            "org.slf4j..",
                            "java..",
                            "javax..",
                            "jdk..",
                            "org.jspecify..");
}
