// Databricks notebook source
println("done")
