package dev.antiphon.bench;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/// The packages that this module can use, beyond what its pom says. It sees the systems only from outside: it measures
/// a peer with the same code as the product.
@AnalyzeClasses(packages = "dev.antiphon.bench", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {

    @ArchTest
    static final ArchRule bench =
            classes()
                    .that()
                    .resideInAPackage("dev.antiphon.bench..")
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(
                            "dev.antiphon.bench..",
                            "dev.antiphon.servers..",
                            "org.HdrHistogram..",
                            "tools.jackson..",
                            "com.fasterxml.jackson.annotation..",
                            "java..",
                            "org.jspecify..");

    /// The client costs little because it uses nothing.
    @ArchTest
    static final ArchRule client =
            classes()
                    .that()
                    .resideInAPackage("dev.antiphon.bench.client..")
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage("dev.antiphon.bench.client..", "java..", "org.jspecify..");

    /// Results are made from what was stored, so that a page can be written again later.
    @ArchTest
    static final ArchRule report =
            classes()
                    .that()
                    .resideInAPackage("dev.antiphon.bench.report..")
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(
                            "dev.antiphon.bench.report..",
                            "tools.jackson..",
                            "com.fasterxml.jackson.annotation..",
                            "java..",
                            "org.jspecify..");

    @ArchTest
    static final ArchRule noCycles =
            slices().matching("dev.antiphon.bench.(*)..").should().beFreeOfCycles();
}
