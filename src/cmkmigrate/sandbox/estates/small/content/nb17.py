# Databricks notebook source
print('été')
