package dev.antiphon.chaos;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/// The packages that this module can use, beyond what its pom says. It sees the product only from outside: PROTOCOL.md
/// describes all that it knows of Redis and NATS.
@AnalyzeClasses(packages = "dev.antiphon.chaos", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {

    @ArchTest
    static final ArchRule chaos =
            classes()
                    .that()
                    .resideInAPackage("dev.antiphon.chaos..")
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(
                            "dev.antiphon.chaos..",
                            "dev.antiphon.protocol..",
                            "dev.antiphon.servers..",
                            "tools.jackson..",
                            "com.fasterxml.jackson.annotation..",
                            "io.lettuce..",
                            "java..",
                            "javax..",
                            "jdk..",
                            "org.jspecify..");

    /// The checker sees only the recorded history.
    @ArchTest
    static final ArchRule check =
            classes()
                    .that()
                    .resideInAPackage("dev.antiphon.chaos.check..")
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(
                            "dev.antiphon.chaos.check..",
                            "dev.antiphon.protocol..",
                            "tools.jackson..",
                            "dev.antiphon.chaos.history",
                            "java..",
                            "javax..",
                            "jdk..",
                            "org.jspecify..");

    @ArchTest
    static final ArchRule noCycles =
            slices().matching("dev.antiphon.chaos.(**)").should().beFreeOfCycles();
}
