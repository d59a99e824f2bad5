package dev.antiphon.api;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/// The packages that this module can use, beyond what its pom says: the protocol and the clock, and no library
/// except Jackson.
@AnalyzeClasses(packages = "dev.antiphon.api", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {

    @ArchTest
    static final ArchRule api =
            classes()
                    .that()
                    .resideInAPackage("dev.antiphon.api..")
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(
                            "dev.antiphon.api..",
                            "dev.antiphon.protocol..",
                            "dev.antiphon.time",
                            "tools.jackson..",
                            "java..",
                            "javax..",
                            "jdk..",
                            "org.jspecify..");

    @ArchTest
    static final ArchRule noCycles =
            slices().matching("dev.antiphon.api.(**)").should().beFreeOfCycles();
}
